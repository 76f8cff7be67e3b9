import pytest

from simclr_tf.protocols.batch_shape import BatchShape
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.protocols.microbatch_check import check_microbatches

SHAPE = BatchShape(classes=3, pictures_per_class=4, size=12, repeat=True)


@pytest.mark.parametrize("size", [0, 1, 4, 12])
def test_micro_batches_that_divide_the_batch_are_accepted(size):
    check_microbatches(SHAPE, FineTuningSettings(microbatch_size=size))


def test_others_are_refused_with_the_batch_that_the_labels_make():
    text = "`microbatch_size` must divide the batch of 12 pictures, 3 classes of 4. Received: .*=8"
    with pytest.raises(ValueError, match=text):
        check_microbatches(SHAPE, FineTuningSettings(microbatch_size=8))
