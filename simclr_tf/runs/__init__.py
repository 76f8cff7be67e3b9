"""The run folder and what is written in it."""

from simclr_tf.files import write_atomically as write_atomically
from simclr_tf.runs.configs import config_differences as config_differences
from simclr_tf.runs.configs import package_versions as package_versions
from simclr_tf.runs.configs import read_config as read_config
from simclr_tf.runs.locks import lock_folder as lock_folder
from simclr_tf.runs.resuming import allowed_changes as allowed_changes
from simclr_tf.runs.run_folder import RunFolder as RunFolder
from simclr_tf.runs.safety_settings import DEFAULT_SAFETY as DEFAULT_SAFETY
from simclr_tf.runs.safety_settings import SafetySettings as SafetySettings
from simclr_tf.runs.versions import find_version as find_version
from simclr_tf.runs.versions import list_versions as list_versions
