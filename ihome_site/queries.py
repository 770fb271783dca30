"""Where the database's own plan has to be helped."""

from django.db.models.sql import Query


class WalkedQuery(Query):
    """On MySQL, walks one index of its table and joins the other tables in the order named.

    Left to itself the optimiser begins with the smallest table: for a page of houses with their
    districts it reads every house of every district and sorts them all. And it takes an index
    by guessing how soon a page is full, instead of the one that has district and order. At
    200,000 houses that is 1.8 s and 0.2 s where walking the right index takes 1 ms.
    """

    index = None  # the name of an index, or None to leave the choice to the database

    def get_compiler(self, *args, **kwargs):
        compiler = super().get_compiler(*args, **kwargs)
        if compiler.connection.vendor == "mysql":
            plain = compiler.as_sql

            def as_sql(*args, **kwargs):
                sql, params = plain(*args, **kwargs)
                return self.helped(sql), params

            compiler.as_sql = as_sql
        return compiler

    def helped(self, sql):
        sql = sql.replace("SELECT ", "SELECT STRAIGHT_JOIN ", 1)
        if not self.index:
            return sql
        table = f" FROM `{self.model._meta.db_table}`"
        return sql.replace(table, f"{table} FORCE INDEX (`{self.index}`)", 1)
