export { CancelToken, findLinkedLock, issueCancelLink, type LinkedLock, useCancelLink } from './cancel-links.ts'
export { claimNotices, sweepLocks } from './notices.ts'
export type { DueNotice, Lock, LockEvent, LockPolicy } from './policy.ts'
export { drawLock, type DrawnLock, isGenuine, LOCK_USE } from './stamp.ts'
export {
  armLock,
  cancelLocks,
  contestSubject,
  endLock,
  findLock,
  type Held,
  holdLock,
  isCancellable,
  isContestedNow,
  isLocked,
  lapseLocks,
  prolongBlocked,
  readLock,
  timeLockMigrations,
} from './store.ts'
