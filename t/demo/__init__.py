"""What `make run` starts: httpd with the module, the lab as its Twilio, and two people."""
