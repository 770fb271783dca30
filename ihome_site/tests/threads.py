"""Several who act at the same moment, each over a database connection of their own."""

import threading

from django.db import connections


def at_once(*actions):
    """Run every action on a thread of its own; the exceptions that some ended with."""
    errors = []
    barrier = threading.Barrier(len(actions))

    def run(action):
        try:
            barrier.wait()
            action()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
