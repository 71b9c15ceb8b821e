/** What the services need in a fresh database: two tables, and two users with 1000 credits. It can be run again. */
export const schema = `
  create table if not exists users (
    userid text primary key,
    name text not null,
    address text not null,
    credits bigint not null,
    -- grows with every change of the row
    version bigint not null default 0
  );
  -- updates that were made, so that none is made twice
  create table if not exists user_idempotency (id text primary key);
  insert into users (userid, name, address, credits)
    values ('A', 'Ada', 'ada@example.com', 1000), ('B', 'Bob', 'bob@example.com', 1000)
    on conflict do nothing;
`;
