-- Every event for ever, under the identity it came with. No projections: with one, deleted rows come back (ClickHouse
-- issue 111791). The maps are bucketed, so that reading one property does not read them all; a map with little in it has
-- few buckets, for whoever reads a few whole rows (a person's page) opens every file of each. So they read small granules.
-- Deduplication windows make a repeated insert token change nothing; the block columns are what makes erasing one person
-- quick.
CREATE TABLE IF NOT EXISTS events (
    workspace UInt32,
    event LowCardinality(String),
    identity UInt32 CODEC(T64, LZ4),
    ts DateTime64(3, 'UTC') CODEC(T64, LZ4),
    received_at DateTime64(3, 'UTC') CODEC(T64, LZ4),
    id UInt64 CODEC(NONE),
    message_id String CODEC(ZSTD(1)),
    kind LowCardinality(String),
    source LowCardinality(String),
    user_id String CODEC(ZSTD(1)),
    anonymous_id String CODEC(ZSTD(1)),
    text Map(LowCardinality(String), String),
    number Map(LowCardinality(String), Float64),
    other Map(LowCardinality(String), String),
    context String CODEC(ZSTD(1)),
    revenue_minor Int64 CODEC(T64, ZSTD(1)),
    currency LowCardinality(String),
    INDEX ix_identity identity TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ix_ts ts TYPE minmax GRANULARITY 1,
    INDEX ix_received received_at TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (workspace, event, identity, ts)
SETTINGS
    non_replicated_deduplication_window = 10000,
    enable_block_number_column = 1,
    enable_block_offset_column = 1,
    map_serialization_version = 'with_buckets',
    map_serialization_version_for_zero_level_parts = 'basic',
    map_buckets_min_avg_size = 0,
    map_buckets_strategy = 'linear',
    map_buckets_coefficient = 4,
    max_buckets_in_map = 8,
    index_granularity = 2048;

-- People as segments see them: the newest version of each wins, and those merged into another are gone. Read with FINAL.
CREATE TABLE IF NOT EXISTS people (
    workspace UInt32,
    person UInt32,
    user_id String,
    known Bool,
    first_seen DateTime64(3, 'UTC'),
    last_seen DateTime64(3, 'UTC'),
    text Map(LowCardinality(String), String),
    number Map(LowCardinality(String), Float64),
    other Map(LowCardinality(String), String),
    version UInt64,
    gone UInt8
) ENGINE = ReplacingMergeTree(version, gone)
ORDER BY (workspace, person)
SETTINGS index_granularity = 1024;

-- Which person an identity belongs to, where it is not itself: the truth, kept on disk.
CREATE TABLE IF NOT EXISTS identity_map (
    workspace UInt32,
    identity UInt32,
    person UInt32,
    version UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (workspace, identity);

-- The same in memory, for `joinGet`: 30 ns a look-up, and a change costs what is changed, where a dictionary would be
-- loaded anew and a join built anew for each question. Filled from the truth when the history is opened.
DROP TABLE IF EXISTS identity_person;

CREATE TABLE identity_person (
    workspace UInt32,
    identity UInt32,
    person UInt32
) ENGINE = Join(ANY, LEFT, workspace, identity)
SETTINGS join_any_take_last_row = 1, persistent = 0;

INSERT INTO identity_person SELECT workspace, identity, person FROM identity_map FINAL;

-- Sets of people as bitmaps, kept while nothing changes: what changed is known to this process alone, so they are in
-- memory, and begin empty.
DROP TABLE IF EXISTS people_sets;

CREATE TABLE people_sets (
    workspace UInt32,
    number UInt64,
    people AggregateFunction(groupBitmap, UInt32)
) ENGINE = Memory;

-- Where the SQL of analysts is run: nothing is in it, so that a name that is no view means nothing.
CREATE DATABASE IF NOT EXISTS analyst;

-- What is known of properties, as far as events are counted; see `discovery.py`. A row of workspace 0 is a mark: up to
-- which block of a partition. What is erased from events stays counted until the table is emptied, and made anew.
CREATE TABLE IF NOT EXISTS event_properties (
    workspace UInt32,
    event LowCardinality(String),
    property String,
    type LowCardinality(String),
    times SimpleAggregateFunction(sum, UInt64),
    first SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    top AggregateFunction(approx_top_count(50, 200), String),
    block SimpleAggregateFunction(max, UInt64)
) ENGINE = AggregatingMergeTree
ORDER BY (workspace, event, property, type);
