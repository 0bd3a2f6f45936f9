"""The Idempotency-Key protocol (names first; the inside follows).

    with repeats.claim(key_id, key, request) as known:      # 400 syntax, 409 in flight, 422 reused
        if known is not None: answer known.answer with header Idempotent-Replayed: true
        ...
        kept = await records.keep(Entry(records, Repeat(key, key_id, request, prefix + b"true}", at)))
        if kept.repeat is not None: answer replay(kept.repeat, request) with Idempotent-Replayed: true
"""
