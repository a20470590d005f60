-- One call, one transaction: a batch of commands, each accepted, replayed or refused on its own.
--
-- The lock on log_head is the first and only one. Under it versions and command ids are read after every earlier
-- append has committed, so nothing is sorted, nothing deadlocks, and positions are gapless in the order of commits.
-- A batch names a stream as written by one command at most, and then no other command of the batch expects it.
--
-- Commands: id, fingerprint, answer, and the index of its last event (of the batch's events before it, if it has none).
-- Expected: which command, stream, its version (none: 0, or -1 where the first version is 0), and the index of the
-- last event that the command writes to it (0: it is only read).
-- Events: which command, and what is stored.
--
-- The first row has command 0 and the position after which the accepted commands follow one another in their order.
-- Then one row per command that was not accepted: R (replayed, with what was stored) or C (conflict, with the true
-- versions of the streams that differ).
create function log.append(
    command_ids uuid[], fingerprints bytea[], bodies bytea[], ends int[],
    expecting int[], expected_streams text[], expected_versions int[], lasts int[],
    writing int[], streams text[], versions int[], types text[], schemas smallint[], event_ids uuid[],
    effective timestamptz[], metadatas bytea[], payloads bytea[], digests bytea[]
) returns setof log.verdict
language plpgsql volatile
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_variable
declare
    head record;
    moment timestamptz;
    answered boolean := false;
    replayed int[];
    differing int;
    found int;
    written int;
    refused int[];
    running int[];
    amount int;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'log.append reads what others have committed since: use read committed';
    end if;
    select h.position, h.recorded_at, h.link into strict head from log.log_head h for update;
    moment := greatest(clock_timestamp(), head.recorded_at);

    select count(*) filter (where case when h.stream is null then x.version > 0 else h.version <> x.version end),
        count(h.stream) filter (where x.last > 0), count(*) filter (where x.last > 0)
    into differing, found, written
    from unnest(expected_streams, expected_versions, lasts) x(stream, version, last)
    left join log.stream_heads h on h.stream = x.stream;

    return next (0, 'A', head.position, null, null, null, null)::log.verdict;

    if differing = 0 then
        begin  -- cheaper than to look for every id first; the primary key finds the one in thousands that was there
            insert into log.answers (command_id, position, fingerprint, answer, at)
            select c.id, head.position + c.ending, c.fingerprint, c.body, moment
            from unnest(command_ids, fingerprints, bodies, ends) c(id, fingerprint, body, ending);
            answered := true;
        exception when unique_violation then
            answered := false;
        end;
    end if;

    if not answered then
        select array_agg(c.number::int) into replayed
        from unnest(command_ids) with ordinality c(id, number) join log.answers a on a.command_id = c.id;

        return query
        select c.number::int, 'R'::"char", a.position, a.fingerprint, a.answer, null::text[], null::int[]
        from unnest(command_ids) with ordinality c(id, number) join log.answers a on a.command_id = c.id;

        return query
        select x.command, 'C'::"char", null::bigint, null::bytea, null::bytea,
            array_agg(x.stream), array_agg(coalesce(h.version, 0))
        from unnest(expecting, expected_streams, expected_versions) x(command, stream, version)
        left join log.stream_heads h on h.stream = x.stream
        where case when h.stream is null then x.version > 0 else h.version <> x.version end
            and x.command <> all (coalesce(replayed, '{}'))
        group by x.command;

        select coalesce(replayed, '{}') || coalesce(array_agg(distinct x.command), '{}') into refused
        from unnest(expecting, expected_streams, expected_versions) x(command, stream, version)
        left join log.stream_heads h on h.stream = x.stream
        where case when h.stream is null then x.version > 0 else h.version <> x.version end
            and x.command <> all (coalesce(replayed, '{}'));  -- each stands there once: commands are counted by it

        -- From here on as if the refused commands had never been in the batch. running[i]: what is left of the
        -- first i events.
        select array_agg(w.kept order by w.number) into running from (
            select e.number, count(*) filter (where e.command <> all (refused)) over (order by e.number) as kept
            from unnest(writing) with ordinality e(command, number)
        ) w;
        select array_agg(c.id order by c.number), array_agg(c.fingerprint order by c.number),
            array_agg(c.body order by c.number), array_agg(coalesce(running[c.ending], 0) order by c.number)
        into command_ids, fingerprints, bodies, ends
        from unnest(command_ids, fingerprints, bodies, ends) with ordinality
            c(id, fingerprint, body, ending, number)
        where c.number <> all (refused);
        if command_ids is null then
            return;
        end if;
        select array_agg(x.stream), array_agg(coalesce(running[x.last], 0)), count(h.stream), count(*)
        into expected_streams, lasts, found, written
        from unnest(expecting, expected_streams, lasts) x(command, stream, last)
        left join log.stream_heads h on h.stream = x.stream
        where x.command <> all (refused) and x.last > 0;
        select array_agg(e.command order by e.number), array_agg(e.stream order by e.number),
            array_agg(e.version order by e.number), array_agg(e.type order by e.number),
            array_agg(e.schema order by e.number), array_agg(e.event_id order by e.number),
            array_agg(e.effective order by e.number), array_agg(e.metadata order by e.number),
            array_agg(e.payload order by e.number), array_agg(e.digest order by e.number)
        into writing, streams, versions, types, schemas, event_ids, effective, metadatas, payloads, digests
        from unnest(writing, streams, versions, types, schemas, event_ids, effective, metadatas, payloads, digests)
            with ordinality
            e(command, stream, version, type, schema, event_id, effective, metadata, payload, digest, number)
        where e.command <> all (refused);
        -- commands are numbered anew
        select array_agg(w.command) into writing from (
            select c.command - (select count(*) from unnest(refused) r where r < c.command)::int as command
            from unnest(writing) with ordinality c(command, number) order by c.number
        ) w;
        insert into log.answers (command_id, position, fingerprint, answer, at)
        select c.id, head.position + c.ending, c.fingerprint, c.body, moment
        from unnest(command_ids, fingerprints, bodies, ends) c(id, fingerprint, body, ending);
    end if;

    amount := coalesce(cardinality(streams), 0);
    if amount > 0 then
        insert into log.events (position, stream, version, type, schema, event_id, command_id, recorded_at,
            effective_at, metadata, payload, digest)
        select head.position + e.number, e.stream, e.version, e.type, e.schema, e.event_id, command_ids[e.command],
            moment, e.effective, e.metadata, e.payload, e.digest
        from unnest(writing, streams, versions, types, schemas, event_ids, effective, metadatas, payloads, digests)
            with ordinality
            e(command, stream, version, type, schema, event_id, effective, metadata, payload, digest, number);

        if found = 0 then
            insert into log.stream_heads (stream, version, position)
            select x.stream, versions[x.last], head.position + x.last
            from unnest(expected_streams, lasts) x(stream, last) where x.last > 0;
        else
            update log.stream_heads h set version = versions[x.last], position = head.position + x.last
            from unnest(expected_streams, lasts) x(stream, last) where x.last > 0 and h.stream = x.stream;
            if found < written then
                insert into log.stream_heads (stream, version, position)
                select x.stream, versions[x.last], head.position + x.last
                from unnest(expected_streams, lasts) x(stream, last)
                where x.last > 0 and not exists (select from log.stream_heads h where h.stream = x.stream);
            end if;
        end if;

        select sha256(head.link || int8send(head.position + 1) || int4send(amount)
            || int8send((extract(epoch from moment) * 1000000)::bigint) || string_agg(d.digest, ''::bytea order by d.n))
        into head.link from unnest(digests) with ordinality d(digest, n);
        insert into log.links (first_position, count, recorded_at, link)
        values (head.position + 1, amount, moment, head.link);
        update log.log_head set position = head.position + amount, recorded_at = moment, link = head.link;
    end if;
end
$$;
