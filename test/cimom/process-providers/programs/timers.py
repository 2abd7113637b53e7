import json
import sys

timers = {"EX:egg": 240}


class CimError(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def to_instance(name):
    values = {"InstanceID": name, "ElementName": name[3:], "Remaining": timers[name]}
    return {"class": "EX_Timer", "properties": values}


def enumerate_all(params):
    return {"instances": [to_instance(name) for name in timers]}


def get(params):
    name = params["path"]["keys"]["InstanceID"]
    return {"instance": to_instance(name) if name in timers else None}


def create(params):
    values = params["instance"]["properties"]
    name = values.get("InstanceID") or "EX:%d" % (len(timers) + 1)
    if name in timers:
        raise CimError(11, "there is a timer %s already" % name)
    timers[name] = values.get("Remaining") or 0
    return {"path": {"class": "EX_Timer", "keys": {"InstanceID": name}}}


def delete(params):
    timers.pop(params["path"]["keys"]["InstanceID"], None)
    return {}


def invoke(params):
    name = params["path"]["keys"]["InstanceID"]
    timers[name] = timers.get(name, 0) + params["parameters"]["Seconds"]
    return {"returnValue": 0, "out": {"Remaining": timers[name]}}


operations = {"enumerate": enumerate_all, "get": get, "create": create, "delete": delete, "invoke": invoke}

for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:  # cancel and close want no answer
        continue
    answer = {"jsonrpc": "2.0", "id": request["id"]}
    try:
        answer["result"] = operations[request["method"]](request["params"])
    except CimError as error:
        answer["error"] = {"code": error.status, "message": str(error)}
    except Exception as error:
        answer["error"] = {"code": -32603, "message": repr(error)}
    print(json.dumps(answer), flush=True)
