-- Tables and indexes as a mailing-list manager keeps them that writes one row per open and per click: views and clicks
-- with keys to campaign, subscriber and link. Modelled on what is published of listmonk's schema (its view takes one
-- look-up and one insert under three indexes, its click one insert that finds three ids under four indexes).
create table campaign (id serial primary key, token uuid not null unique);
create table subscriber (id serial primary key, token uuid not null unique);
create table link (id serial primary key, token uuid not null unique, target text not null);
create table view (
    id bigserial primary key,
    campaign int not null references campaign on delete cascade,
    subscriber int references subscriber on delete set null,
    at timestamptz default now()
);
create index on view (campaign);
create index on view (subscriber);
create index on view ((timezone('utc', at)::date));
create table click (
    id bigserial primary key,
    campaign int references campaign on delete cascade,
    link int not null references link on delete cascade,
    subscriber int references subscriber on delete set null,
    at timestamptz default now()
);
create index on click (campaign);
create index on click (link);
create index on click (subscriber);
create index on click ((timezone('utc', at)::date));
insert into campaign (token) select md5('c' || n)::uuid from generate_series(1, 50) n;
insert into subscriber (token) select md5('s' || n)::uuid from generate_series(1, 100000) n;
insert into link (token, target) select md5('l' || n)::uuid, 'https://www.example.com/' || n from generate_series(1, 30) n;
analyze;
