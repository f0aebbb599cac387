-- How far do the news reach? Always one row.
-- first_number, last_number  of the oldest and the newest that is kept; null: there is none
select min(number) as first_number, max(number) as last_number from news
