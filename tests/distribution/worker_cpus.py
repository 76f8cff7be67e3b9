"""Workers of several virtual CPUs each, in place of machines of several GPUs each.

TensorFlow's strategy of several workers takes all GPUs of a machine, but of its CPUs always one.
Everything else of it treats a worker's devices alike, whatever they are.
"""

import tensorflow as tf
from tensorflow.python.distribute.collective_all_reduce_strategy import (
    CollectiveAllReduceExtended,
)


def give_each_worker_cpus(count):
    """Lets the next strategy of several workers take `count` virtual CPUs of this process."""
    parts = [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)

    def local_devices(self, cluster_resolver, worker_device):
        return [f"{worker_device}/device:CPU:{number}" for number in range(count)], "CPU"

    CollectiveAllReduceExtended._initialize_local_devices = local_devices
