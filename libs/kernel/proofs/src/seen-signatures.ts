import { sql, type Statements } from '@strongroom/storage'

/** Which signatures were used up: each is good once. */
export interface SeenSignatures {
  /**
   * Whether this digest was not seen before and `until` is still to come; it is seen from now on. Of any number of takers
   * one gets it.
   */
  take(digest: Uint8Array, until: Date): Promise<boolean>
}

/**
 * In PostgreSQL, for any number of processes. The end is the signer's date and an hour, and so the same for the same
 * signature: what a sweep has forgotten is over by the same clock, and is not taken again whatever a process's own says.
 */
export const seenSignaturesIn = (statements: Statements): SeenSignatures => ({
  async take(digest, until) {
    const taken = await statements.run(sql`
      insert into proofs.seen_signatures (digest, expires_at)
      select ${digest}::bytea, ${until}::timestamptz where ${until}::timestamptz > strongroom.now()
      on conflict do nothing`)
    return taken === 1
  },
})

/** Forgets those that are over; answers how many. For a job that runs every few minutes. */
export const sweepSeenSignatures = (statements: Statements): Promise<number> =>
  statements.run(sql`delete from proofs.seen_signatures where expires_at <= strongroom.now()`)
