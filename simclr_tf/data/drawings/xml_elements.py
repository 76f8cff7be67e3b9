"""XML as elements that know their line, without entities of any kind."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from xml.parsers import expat

from simclr_tf.data.drawings.annotation_error import AnnotationError, read_bytes


@dataclasses.dataclass(eq=False)
class Element:
    """An element.

    Attributes:
        name: Its tag.
        line: The line where it begins, from 1.
        text: Its own text.
        children: The elements in it.
    """

    name: str
    line: int
    text: str = ""
    children: list[Element] = dataclasses.field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Gives the children of a name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Element | None:
        """Returns the first child of a name; None without one."""
        return next(self.all(name), None)


def read_xml(path: str | os.PathLike[str]) -> Element:
    """Returns the root element of a file.

    A file that declares an entity is refused: annotations need none, and entities are how a file
    reads others, or fills the memory.

    Raises:
        AnnotationError: The file cannot be read, is not XML, or declares an entity.
    """
    content = read_bytes(path)
    top = Element("", 0)
    open_elements = [top]
    parser = expat.ParserCreate()
    # Else every line of a text would be a piece of its own.
    parser.buffer_text = True

    def start(name: str, _attributes: dict[str, str]) -> None:
        element = Element(name, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        open_elements.pop()

    def add_text(text: str) -> None:
        open_elements[-1].text += text

    def refuse(*_arguments: object) -> None:
        line = parser.CurrentLineNumber
        raise AnnotationError(path, line, "an entity is declared, which annotations do not need")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = add_text
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except AnnotationError:
        raise
    except expat.ExpatError as error:
        reason = f"not XML: {expat.ErrorString(error.code)}"
        raise AnnotationError(path, error.lineno, reason) from error
    except (LookupError, ValueError) as error:
        # The encoding that the first line names is unknown, or has several bytes a letter.
        raise AnnotationError(path, 1, f"not XML: {error}") from error
    return top.children[0]
