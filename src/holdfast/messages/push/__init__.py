"""Push: notifications sealed for a browser, or put as Apple's and Google's services take them."""
