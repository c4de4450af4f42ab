"""Results as DICOM objects: report, map and pictures, filed in the study of their source."""
