"""Where results are taken to outside of docproc: URLs that users gave."""
