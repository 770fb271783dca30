from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from ihome_site.images import MAX_BYTES

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
