"""A stand-in WeChat server (微信替身): the product runs the same code with it as with the real one.

It answers the calls of `server.gateways.wechat`, keeps what it was asked to send where it can be read, and lets one
write to the official account as a follower would. In memory and bounded: nothing outlives the process.
"""
