"""Augmentations: one Keras layer a file, per picture, on the accelerator."""

from simclr_tf.augment.augmenter import Augmenter as Augmenter
from simclr_tf.augment.cut_mix import CutMix as CutMix
from simclr_tf.augment.label_mixer import LabelMixer as LabelMixer
from simclr_tf.augment.mix_up import MixUp as MixUp
from simclr_tf.augment.rand_augment import RandAugment as RandAugment
from simclr_tf.augment.random_affine_crop import RandomAffineCrop as RandomAffineCrop
from simclr_tf.augment.random_border_strokes import RandomBorderStrokes as RandomBorderStrokes
from simclr_tf.augment.random_color_jitter import RandomColorJitter as RandomColorJitter
from simclr_tf.augment.random_erasing import RandomErasing as RandomErasing
from simclr_tf.augment.random_flip import RandomFlip as RandomFlip
from simclr_tf.augment.random_gaussian_blur import RandomGaussianBlur as RandomGaussianBlur
from simclr_tf.augment.random_gaussian_noise import RandomGaussianNoise as RandomGaussianNoise
from simclr_tf.augment.random_grayscale import RandomGrayscale as RandomGrayscale
from simclr_tf.augment.random_jpeg_artifacts import RandomJpegArtifacts as RandomJpegArtifacts
from simclr_tf.augment.random_layer import RandomLayer as RandomLayer
from simclr_tf.augment.random_line_weight import RandomLineWeight as RandomLineWeight
from simclr_tf.augment.random_paper_tint import RandomPaperTint as RandomPaperTint
from simclr_tf.augment.random_resized_crop import RandomResizedCrop as RandomResizedCrop
from simclr_tf.augment.random_salt_and_pepper import RandomSaltAndPepper as RandomSaltAndPepper
from simclr_tf.augment.random_solarize import RandomSolarize as RandomSolarize
from simclr_tf.augment.random_speckle import RandomSpeckle as RandomSpeckle
from simclr_tf.augment.random_turned_crop import RandomTurnedCrop as RandomTurnedCrop
from simclr_tf.augment.recipes import RECIPES as RECIPES
from simclr_tf.augment.recipes import build_augmenter as build_augmenter
from simclr_tf.augment.trivial_augment_wide import TrivialAugmentWide as TrivialAugmentWide
