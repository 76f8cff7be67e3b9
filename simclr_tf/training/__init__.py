"""Models that train encoders, and the loop that runs them."""

from simclr_tf.training.classifier import Classifier as Classifier
from simclr_tf.training.loop import TrainingPlan as TrainingPlan
from simclr_tf.training.loop import TrainingStage as TrainingStage
from simclr_tf.training.loop import train as train
from simclr_tf.training.non_finite_guard import NonFiniteLoss as NonFiniteLoss
from simclr_tf.training.saving import save_model as save_model
from simclr_tf.training.siamese_triplet import SiameseTriplet as SiameseTriplet
from simclr_tf.training.simclr import SimCLR as SimCLR
from simclr_tf.training.sup_con_fine_tuner import SupConFineTuner as SupConFineTuner
from simclr_tf.training.weight_average import WeightAverage as WeightAverage
