"""Boxes that are not there, for the system's libusb and unmodified pyusb: a server of umockdev's ioctl socket."""
