import type { Fault, FirstBad } from '@strongroom/audit'

const meanings: Readonly<Record<Fault, string>> = {
  changed: 'It is not what was linked: the entry, its order or its link was changed after it was written.',
  removed: 'It was linked, and is gone.',
  inserted: 'It was not there when the entries of its time were linked: somebody wrote it afterwards, or past the app.',
  relinked:
    'Entries were changed and linked anew: the chain does not pass through a head that was signed before. Whoever did it had the database; if newer heads verify, the HSM too.',
  'rolled-back':
    'The sink holds a head that this database never reached: its tail was cut off, or an older copy restored.',
  'head-forged':
    'No given public key signed this head for this deployment and app: it was forged, or a key is missing from what you pinned.',
  'head-missing':
    'A signed head is in one place only: it was deleted from the database, or the sink has not taken it for minutes.',
  'unlinked-too-long':
    'Entries wait for a link for minutes: the linking has stopped, and they can be changed unnoticed.',
  'unsigned-too-long': 'Linked entries wait for a signature for minutes: the HSM is away, and they can be linked anew.',
}

/** The first bad entry in words, and what to do. */
export function explain(firstBad: FirstBad): string {
  return [
    `BAD: ${firstBad.what}, ${placeOf(firstBad)}.`,
    meanings[firstBad.what],
    'Everything before it is good. Keep the database, the sink and the backups as they are, and compare them from there on.',
  ].join('\n')
}

function placeOf({ position, upTo, eventId }: FirstBad): string {
  if (position === undefined)
    return eventId === undefined ? 'somewhere in the log' : `event ${eventId}, which no link covers`
  if (upTo !== undefined && upTo !== position) return `first between entry ${String(position)} and ${String(upTo)}`
  return `entry ${String(position)}${eventId === undefined ? '' : ` (event ${eventId})`}`
}
