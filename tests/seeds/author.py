"""The reader of document E, who runs its scripts in one folder, one after the other."""

from pathlib import Path

from seeds.newest_client import name_the_format
from support import clients

HERE = Path(__file__).parent / "e"
# Older clients refuse the version number of `stage_transitions.py`, an int, before they ask any server.
VERSIONS = ["3.6.0", "newest"]


class Author:
    def __init__(self, version, url, folder):
        self.version = version
        self.python = clients.python(version)
        self.url = url
        self.folder = folder

    def text_of(self, script, scoring_url=""):
        """The script with the addresses of this test and, for the newest client, the format of the model."""
        text = (HERE / script).read_text().replace("http://localhost:5000", self.url)
        if scoring_url:
            text = text.replace("http://localhost:5001", scoring_url)
        return name_the_format(text, self.version) if "sklearn.log_model" in text else text

    def run(self, script, scoring_url=""):
        path = self.folder / script
        path.write_text(self.text_of(script, scoring_url))
        return clients.run_python(self.version, [path], self.url, self.folder)
