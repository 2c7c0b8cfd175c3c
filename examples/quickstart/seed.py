"""Makes the shop's catalogue: one SQLite file in the folder given."""
import pathlib
import sqlite3
import sys

folder = pathlib.Path(sys.argv[1])
database = sqlite3.connect(folder / "shop.db")
database.execute("create table product (id integer primary key, name text not null, cents integer not null, stock integer not null)")
database.executemany(
    "insert into product (name, cents, stock) values (?, ?, ?)",
    [(f"{kind} {colour}", 250 + 125 * i, 10)
     for i, (kind, colour) in enumerate((kind, colour) for kind in ("mug", "shirt", "poster", "pen")
                                        for colour in ("red", "green", "blue", "black", "white"))])
database.commit()
print(f"{database.execute('select count(*) from product').fetchone()[0]} products in {folder / 'shop.db'}")
