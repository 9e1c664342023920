"""python_worker.py PROCESSES: executes items as worker.ts does."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients" / "python"))
from zmqpipeline_worker import Worker  # noqa: E402


class BenchWorker(Worker):
    task_type = "bench"
    endpoint = "ipc://worker.ipc"
    collector_endpoint = "ipc://collector.ipc"

    def handle_execution(self, data, info):
        if data.get("sleep"):
            time.sleep(data["sleep"] / 1000)


if __name__ == "__main__":
    worker = BenchWorker()
    worker.concurrency = int(sys.argv[1])
    worker.run()
    print("{}")
