import numpy as np
import pytest

from simclr_tf.data.floor_plans.layout import MIN_ROOM, draw_layout
from simclr_tf.data.floor_plans.structure import draw_openings

BOX = (100, 90, 1000, 800)
every_seed = pytest.mark.parametrize("seed", range(12))


def layout_of(seed):
    return draw_layout(BOX, np.random.default_rng(seed))


@every_seed
def test_rooms_lie_within_the_building_and_do_not_overlap(seed):
    covered = np.zeros((BOX[3], BOX[2]), int)
    for room in layout_of(seed).rooms:
        covered[room.y_min : room.y_max, room.x_min : room.x_max] += 1
    assert covered.max() == 1
    inside = covered[BOX[1] :, BOX[0] :]
    assert covered.sum() == inside.sum()
    # A missing corner is a terrace; everything else is rooms.
    assert inside.mean() > 0.7


@every_seed
def test_rooms_are_large_enough_to_walk_in(seed):
    for room in layout_of(seed).rooms:
        assert min(room.width, room.height) >= (40 if room.kind == "corridor" else MIN_ROOM)


@every_seed
def test_a_wall_stands_wherever_two_rooms_or_a_room_and_the_outside_meet(seed):
    layout = layout_of(seed)
    owner = np.full((BOX[3] + 1, BOX[2] + 1), -1)
    for row, room in enumerate(layout.rooms):
        owner[room.y_min : room.y_max, room.x_min : room.x_max] = row
    walls = np.zeros(owner.shape, bool)
    for wall in layout.walls:
        if wall.upright:
            beside = owner[wall.start : wall.end, [wall.at - 1, wall.at]]
            walls[wall.start : wall.end, wall.at] = True
        else:
            beside = owner[[wall.at - 1, wall.at], wall.start : wall.end]
        assert {int(row) for row in np.unique(beside)} - {-1} == set(wall.rooms)
    changes = np.zeros(owner.shape, bool)
    changes[:, 1:] = owner[:, 1:] != owner[:, :-1]
    np.testing.assert_array_equal(walls, changes)


@every_seed
def test_doors_lead_into_every_room_and_outside(seed):
    layout = layout_of(seed)
    openings = draw_openings(layout, np.random.default_rng(seed))
    doors = [opening.wall for opening in openings if opening.kind == "door"]
    reached = {room for wall in doors if wall.outer for room in wall.rooms}
    assert reached
    for _ in layout.rooms:
        for wall in doors:
            if reached & set(wall.rooms):
                reached |= set(wall.rooms)
    assert reached == set(range(len(layout.rooms)))


@every_seed
def test_openings_lie_within_their_walls(seed):
    for opening in draw_openings(layout_of(seed), np.random.default_rng(seed)):
        assert opening.wall.start < opening.start < opening.end < opening.wall.end
        assert opening.kind == "door" or opening.wall.outer
