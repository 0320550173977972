"""What stands in for machine.Pin where there are no pins.

A wire leads from each LED to the button of the same number: with the LED the button is pressed.
"""

levels = {}


class Pin:
    """A pin, known by its name.

    :param name: a letter or more, and a digit.
    :param mode: `Pin.IN` or `Pin.OUT`.
    """

    IN = 0
    OUT = 1

    def __init__(self, name, mode):
        self._wire = name[-1]
        self._mode = mode
        levels.setdefault(self._wire, 0)

    def value(self, level=None):
        """Return the level, 0 or 1; or set it.

        :raises OSError: if it is an input.
        """
        if level is None:
            return levels[self._wire]
        if self._mode != self.OUT:
            raise OSError("pin is an input")
        levels[self._wire] = 1 if level else 0
        return None
