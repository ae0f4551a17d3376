"""The store of a test, and a hand in its database: to look, and to lock it."""
import os
import sqlite3


class Store:
    def __init__(self, folder):
        self.folder = folder

    def sections(self):
        """What a configuration says of it, as ini() wants it."""
        return {"store": ["path = " + self.folder]}

    def connect(self):
        return sqlite3.connect(os.path.join(self.folder, "store.db"), isolation_level=None, check_same_thread=False)

    def rows(self, sql):
        database = self.connect()
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def hold(self):
        """Nobody else can change anything until release() of what is returned, which any thread may call."""
        return Hold(self.connect())


class Hold:
    def __init__(self, database):
        self.database = database
        database.execute("BEGIN IMMEDIATE")

    def release(self):
        self.database.execute("ROLLBACK")
        self.database.close()
