"""The names of `tumorscope` for editors and type checkers; see `__init__.py`."""

from tumorscope.domain.errors import BundleError as BundleError
from tumorscope.domain.errors import ConfigError as ConfigError
from tumorscope.domain.errors import DataError as DataError
from tumorscope.domain.errors import LeakageError as LeakageError
from tumorscope.domain.errors import TumorscopeError as TumorscopeError
from tumorscope.domain.errors import UnreadableScanError as UnreadableScanError
from tumorscope.domain.estimates import MetricEstimate as MetricEstimate
from tumorscope.domain.manifest import Manifest as Manifest
from tumorscope.domain.predictions import Predictions as Predictions
from tumorscope.domain.preprocess_spec import PreprocessSpec as PreprocessSpec
from tumorscope.domain.specs import EvaluateSpec as EvaluateSpec
from tumorscope.domain.specs import ExplainSpec as ExplainSpec
from tumorscope.domain.specs import RunSpec as RunSpec
from tumorscope.domain.specs import SplitSpec as SplitSpec
from tumorscope.domain.split import Split as Split
from tumorscope.domain.train_spec import TrainSpec as TrainSpec
from tumorscope.evaluation.report import EvaluationReport as EvaluationReport
from tumorscope.importers.inspection import Imported as Imported
from tumorscope.phantom.spec import PhantomSpec as PhantomSpec
from tumorscope.workflows.convert import convert as convert
from tumorscope.workflows.deid import deidentify as deidentify
from tumorscope.workflows.demo import run_demo as run_demo
from tumorscope.workflows.doctor import DoctorReport as DoctorReport
from tumorscope.workflows.doctor import inspect_machine as inspect_machine
from tumorscope.workflows.evaluate import evaluate_run as evaluate_run
from tumorscope.workflows.evaluate import refresh_report as refresh_report
from tumorscope.workflows.explain import Explanations as Explanations
from tumorscope.workflows.explain import explain as explain
from tumorscope.workflows.external_testing import evaluate_external as evaluate_external
from tumorscope.workflows.phantom import make_phantom as make_phantom
from tumorscope.workflows.predict import predict as predict
from tumorscope.workflows.prediction_list import PredictionList as PredictionList
from tumorscope.workflows.prepare import SourceOptions as SourceOptions
from tumorscope.workflows.prepare import prepare as prepare
from tumorscope.workflows.prepare import read_source as read_source
from tumorscope.workflows.run_folder import Run as Run
from tumorscope.workflows.run_folder import open_run as open_run
from tumorscope.workflows.settings import read_settings as read_settings
from tumorscope.workflows.slice_prediction import SlicePrediction as SlicePrediction
from tumorscope.workflows.source_options import source_options as source_options
from tumorscope.workflows.train import describe_models as describe_models
from tumorscope.workflows.train import train as train
from tumorscope.workflows.written_report import WrittenReport as WrittenReport

__version__: str
