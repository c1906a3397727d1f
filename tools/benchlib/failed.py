"""What ends a measurement. The text is all that the reader gets."""


class Failed(Exception):
    pass
