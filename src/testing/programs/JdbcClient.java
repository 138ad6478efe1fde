import java.io.StringReader;
import java.io.StringWriter;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.PGStatement;

/** JDBC at work. Prints `rest` where its database may vanish. */
public class JdbcClient {
  static String url;

  public static void main(String[] args) throws Exception {
    url = args[0];
    for (String mode : new String[] {"extended", "extendedForPrepared", "simple"}) {
      try (Connection connection = connect("preferQueryMode", mode)) {
        prepared(connection, mode);
        transactions(connection);
      }
    }
    try (Connection connection = connect("autosave", "always")) {
      autosave(connection);
      fetchSize(connection);
      batches(connection);
      copies(connection);
      generatedKeys(connection);
    }
    try (Connection connection = connect("ApplicationName", "jdbc")) {
      state(connection);
      notifications(connection);
      cancels(connection);
    }
    System.out.println("done");
  }

  static Connection connect(String name, String value) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", System.getenv("PGUSER"));
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    properties.setProperty("sslmode", "disable");
    properties.setProperty("prepareThreshold", "2");
    properties.setProperty(name, value);
    return DriverManager.getConnection(url, properties);
  }

  static void rest() throws Exception {
    System.out.println("rest");
    System.out.flush();
    while (System.in.read() != '\n') {}
  }

  static void same(Object found, Object expected) {
    if (!expected.equals(found)) throw new AssertionError(found + " is not " + expected);
  }

  static Object one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getObject(1);
    }
  }

  static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** From the third execution on a named statement on the server; binary results. */
  static void prepared(Connection connection, String mode) throws Exception {
    String sql = "select ?::int * 2, ?::text, ?::timestamptz is null";
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int n = 0; n < 6; n++) {
        rest();
        statement.setInt(1, n);
        statement.setString(2, "it's " + n);
        statement.setNull(3, java.sql.Types.TIMESTAMP_WITH_TIMEZONE);
        try (ResultSet rows = statement.executeQuery()) {
          rows.next();
          same(rows.getInt(1), n * 2);
          same(rows.getString(2), "it's " + n);
          same(rows.getBoolean(3), true);
        }
      }
      boolean onServer = statement.unwrap(PGStatement.class).isUseServerPrepare();
      if (!mode.equals("simple")) same(onServer, true);
    }
  }

  static void transactions(Connection connection) throws Exception {
    run(connection, "drop table if exists ledger");
    run(connection, "create table ledger (n int primary key)");
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    run(connection, "insert into ledger values (1)");
    Savepoint savepoint = connection.setSavepoint();
    try {
      run(connection, "insert into ledger values (1)");
      throw new AssertionError("no error");
    } catch (SQLException error) {
      same(error.getSQLState(), "23505");
    }
    rest();
    connection.rollback(savepoint);
    connection.commit();
    rest();
    same(one(connection, "select count(*) from ledger"), 1L);
    connection.rollback();
    connection.setAutoCommit(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
  }

  /** A savepoint before every statement: an error does not end the transaction. */
  static void autosave(Connection connection) throws Exception {
    connection.setAutoCommit(false);
    run(connection, "create table saved (n int primary key)");
    run(connection, "insert into saved values (1)");
    try {
      run(connection, "insert into saved values (1)");
      throw new AssertionError("no error");
    } catch (SQLException error) {
      same(error.getSQLState(), "23505");
    }
    rest();
    run(connection, "insert into saved values (2)");
    connection.commit();
    connection.setAutoCommit(true);
    rest();
    same(one(connection, "select count(*) from saved"), 2L);
  }

  /** A portal that is read in parts. */
  static void fetchSize(Connection connection) throws Exception {
    connection.setAutoCommit(false);
    try (PreparedStatement statement =
        connection.prepareStatement("select n from generate_series(1, 1000) n")) {
      statement.setFetchSize(64);
      long sum = 0;
      try (ResultSet rows = statement.executeQuery()) {
        for (int n = 0; rows.next(); n++) {
          if (n % 500 == 250) rest();
          sum += rows.getInt(1);
        }
      }
      same(sum, 500_500L);
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  static void batches(Connection connection) throws Exception {
    run(connection, "create table batched (n int primary key, body text)");
    try (PreparedStatement statement =
        connection.prepareStatement("insert into batched values (?, ?)")) {
      for (int round = 0; round < 3; round++) {
        rest();
        for (int n = 0; n < 300; n++) {
          statement.setInt(1, round * 300 + n);
          statement.setString(2, "body " + n);
          statement.addBatch();
        }
        same(Arrays.stream(statement.executeBatch()).sum(), 300);
      }
      statement.setInt(1, 5000);
      statement.setString(2, "fine");
      statement.addBatch();
      statement.setInt(1, 7);
      statement.setString(2, "twice");
      statement.addBatch();
      try {
        statement.executeBatch();
        throw new AssertionError("no error");
      } catch (BatchUpdateException error) {
        same(error.getSQLState(), "23505");
      }
    }
    rest();
    same(one(connection, "select count(*) from batched"), 900L);
  }

  static void copies(Connection connection) throws Exception {
    var copy = connection.unwrap(PGConnection.class).getCopyAPI();
    StringBuilder lines = new StringBuilder();
    for (int n = 0; n < 5000; n++) lines.append(n).append("\tline ").append(n).append('\n');
    run(connection, "create table copied (n int, body text)");
    rest();
    same(copy.copyIn("copy copied from stdin", new StringReader(lines.toString())), 5000L);
    rest();
    StringWriter out = new StringWriter();
    copy.copyOut("copy (select * from copied order by n) to stdout", out);
    same(out.toString(), lines.toString());
    rest();
  }

  static void generatedKeys(Connection connection) throws Exception {
    run(connection, "create table keyed (id serial primary key, body text)");
    String sql = "insert into keyed (body) values (?)";
    try (PreparedStatement statement =
        connection.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
      for (int n = 1; n < 5; n++) {
        rest();
        statement.setString(1, "body");
        statement.executeUpdate();
        try (ResultSet keys = statement.getGeneratedKeys()) {
          keys.next();
          same(keys.getInt(1), n);
        }
      }
    }
  }

  /** What the driver itself keeps in the session. */
  static void state(Connection connection) throws Exception {
    run(connection, "create schema if not exists mine");
    connection.setSchema("mine");
    connection.setClientInfo("ApplicationName", "renamed");
    connection.setReadOnly(true);
    rest();
    same(connection.getSchema(), "mine");
    same(one(connection, "show application_name"), "renamed");
    same(connection.isReadOnly(), true);
    connection.setReadOnly(false);
    run(connection, "set timezone = 'Asia/Kolkata'");
    rest();
    same(one(connection, "show timezone"), "Asia/Kolkata");
    same(connection.isValid(5), true);
  }

  static void notifications(Connection connection) throws Exception {
    run(connection, "listen news");
    rest();
    try (Connection other = connect("ApplicationName", "other")) {
      run(other, "notify news, 'hello'");
    }
    PGNotification[] heard = connection.unwrap(PGConnection.class).getNotifications(20_000);
    same(heard.length, 1);
    same(heard[0].getParameter(), "hello");
    run(connection, "unlisten *");
  }

  static void cancels(Connection connection) throws Exception {
    rest();
    try (Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      statement.execute("select pg_sleep(60)");
      throw new AssertionError("no error");
    } catch (SQLException error) {
      same(error.getSQLState(), "57014");
    }
    rest();
    same(one(connection, "select 1"), 1);
  }
}
