import errno
import io
import logging
import os
from contextlib import suppress
from tempfile import TemporaryFile

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from ihome_site.images import MAX_BYTES

logger = logging.getLogger("ihome.images")
# A little more than a picture may have: one that is just too large gets its sentence on the form.
MOST_READ = MAX_BYTES + 512 * 1024


class StopReading(FileUploadHandler):
    """Gives up on a file too large to be a picture instead of storing it to its end."""

    def receive_data_chunk(self, raw_data, start):
        if start + len(raw_data) > MOST_READ:
            raise RequestDataTooBig(f"more than {MOST_READ} bytes of a file")
        return raw_data

    def file_complete(self, file_size):
        return None


class NoRoom(io.RawIOBase):
    """Stands in for a file the disk had no room for: takes everything, and cannot be read."""

    def write(self, data):
        return len(data)

    def seek(self, place, whence=0):
        return place

    def read(self, size=-1):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class OnDisk(FileUploadHandler):
    """Keeps a file that is too large for memory in a file without a name.

    It is gone when it is closed, whatever happens to the request or the process. Where the disk
    is full, the request goes on, and whoever reads the upload gets an OSError.
    """

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.file = NoRoom()
        self.attempt(self.open)

    def open(self):
        self.file = TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 (closed by Django)

    def receive_data_chunk(self, raw_data, start):
        self.attempt(self.file.write, raw_data)

    def file_complete(self, file_size):
        self.attempt(self.file.seek, 0)  # writes what Python has not written yet
        described = self.file_name, self.content_type, file_size, self.charset
        return UploadedFile(self.file, *described, self.content_type_extra)

    def attempt(self, action, *args):
        try:
            action(*args)
        except OSError:
            logger.exception("an upload could not be kept")
            with suppress(OSError):  # closing would write the rest
                self.file.close()
            self.file = NoRoom()
