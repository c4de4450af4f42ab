"""DICOM files, parsed inside a sandbox: only this package imports pydicom here.

`tumorscope.io.dicom_files` is the side that the rest of Tumorscope calls; it reaches these
modules by name, so that the parent process imports no parser.
"""
