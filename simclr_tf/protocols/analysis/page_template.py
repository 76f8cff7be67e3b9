"""The frame of the report: one page that needs nothing but itself."""

from __future__ import annotations

import string

# The policy keeps the page from asking any other address for anything.
PAGE = string.Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>$title</title>
<style>
:root { --ink: #1f2933; --faint: #5b6772; --line: #e1e6eb; --accent: #0072b2; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 3.2rem 1.6rem 4rem; max-width: 68rem; background: #fff;
  color: var(--ink); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto,
  "Helvetica Neue", "Noto Sans", Arial, sans-serif;
}
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 0.4rem; }
h2 {
  font-size: 1.3rem; letter-spacing: -0.01em; margin: 3.4rem 0 0.9rem; padding-top: 1.1rem;
  border-top: 1px solid var(--line);
}
h3 { font-size: 1rem; margin: 1.9rem 0 0.5rem; }
h3 small { font-weight: 400; color: var(--faint); font-size: 0.9rem; margin-left: 0.5rem; }
p { max-width: 46rem; margin: 0.6rem 0; }
.subtitle { color: var(--faint); margin: 0 0 1.6rem; }
.lead { font-size: 1.1rem; }
figure { margin: 1.5rem 0 2.2rem; }
figure img { width: 100%; height: auto; display: block; }
figcaption, .caption {
  color: var(--faint); font-size: 0.9rem; line-height: 1.5; max-width: 46rem; margin-top: 0.6rem;
}
.wide { overflow-x: auto; margin: 1.2rem 0 0.4rem; }
table { border-collapse: collapse; font-size: 0.93rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.38rem 1.5rem 0.38rem 0; vertical-align: baseline; }
th { color: var(--faint); font-weight: 500; border-bottom: 1px solid var(--ink); }
td { border-bottom: 1px solid var(--line); }
th.number, td.number { text-align: right; white-space: nowrap; }
.left-out {
  border-left: 3px solid #d55e00; padding: 0.2rem 0 0.2rem 1.1rem; margin: 1.8rem 0;
}
.left-out h2 { border: 0; margin: 0; padding: 0; font-size: 1rem; }
.left-out ul { margin: 0.4rem 0; padding-left: 1.1rem; max-width: 46rem; }
.tiles { display: flex; flex-wrap: wrap; gap: 1.1rem 1.3rem; margin: 0.9rem 0 1.4rem; }
.tile { width: 9.6rem; font-size: 0.8rem; line-height: 1.4; color: var(--faint); }
.tile.pair { width: 15rem; }
.tile > div { display: flex; align-items: center; margin-bottom: 0.35rem; }
.tile img { width: 104px; height: 104px; display: block; border-radius: 3px; background: #eef1f4; }
.tile .between { padding: 0 0.35rem; color: var(--faint); }
.tile > span { display: block; overflow-wrap: anywhere; }
.tile > span:first-of-type { color: var(--ink); font-weight: 600; }
code { font-size: 0.88em; overflow-wrap: anywhere; }
@media print { body { padding: 0; } .tile, figure, tr { break-inside: avoid; } }
</style>
</head>
<body>
<h1>$title</h1>
<p class="subtitle">$subtitle</p>
$content
</body>
</html>
""")
