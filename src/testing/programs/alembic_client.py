"""SQLAlchemy and its migrations (alembic) at work. Prints `rest` where its database may vanish."""
import sys

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.orm import Session, declarative_base, relationship


def rest():
    print("rest", flush=True)
    sys.stdin.readline()


engine = sa.create_engine("postgresql+psycopg2://", pool_size=3, max_overflow=0)


def migrate(step):
    with engine.begin() as connection:
        step(Operations(MigrationContext.configure(connection)))
    rest()


migrate(
    lambda op: op.create_table(
        "authors",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
    )
)
migrate(
    lambda op: op.create_table(
        "books",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("authors.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
    )
)
migrate(lambda op: op.add_column("books", sa.Column("year", sa.Integer, server_default="2026")))
migrate(lambda op: op.create_index("by_title", "books", ["title"], unique=True))
migrate(lambda op: op.alter_column("authors", "name", new_column_name="full_name"))

Base = declarative_base()


class Author(Base):
    __tablename__ = "authors"
    id = sa.Column(sa.Integer, primary_key=True)
    full_name = sa.Column(sa.String(40))
    books = relationship("Book", order_by="Book.id", back_populates="author")


class Book(Base):
    __tablename__ = "books"
    id = sa.Column(sa.Integer, primary_key=True)
    author_id = sa.Column(sa.Integer, sa.ForeignKey("authors.id"))
    title = sa.Column(sa.Text)
    year = sa.Column(sa.Integer, server_default="2026")
    author = relationship("Author", back_populates="books")


inspected = sa.inspect(engine)
assert sorted(inspected.get_table_names()) == ["authors", "books"]
assert [i["name"] for i in inspected.get_indexes("books")] == ["by_title"]
rest()

with Session(engine) as session:
    for n in range(4):
        session.add(Author(full_name=f"Author {n}", books=[Book(title=f"Book {n}.{m}") for m in range(3)]))
        session.flush()
        rest()
    session.commit()
rest()
with Session(engine) as session:
    found = session.query(Author).filter(Author.full_name == "Author 2").one()
    assert [(b.title, b.year) for b in found.books] == [(f"Book 2.{m}", 2026) for m in range(3)]
    session.add(Book(title="Book 2.0", author_id=found.id))
    try:
        session.commit()
        raise SystemExit("no error")
    except sa.exc.IntegrityError:
        session.rollback()
    rest()
    assert session.query(sa.func.count(Book.id)).scalar() == 12
engine.dispose()
print("done")
