import type { Lock } from '@strongroom/time-locks'

/**
 * Where somebody used a cancel link, one user's codes are not enough: a thief may hold that user's phone. Nor do two
 * count who want different PINs: the thief would wait for the owner to prove one, and set another.
 */
export const usersWanted = ({ contested }: Pick<Lock, 'contested'>): number => (contested ? 2 : 1)
