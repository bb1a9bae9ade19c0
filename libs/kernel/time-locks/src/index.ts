export { CancelToken, findLinkedLock, issueCancelLink, type LinkedLock, useCancelLink } from './cancel-links.ts'
export { claimNotices, sweepLocks } from './notices.ts'
export type { DueNotice, Lock, LockEvent, LockPolicy } from './policy.ts'
export {
  armLock,
  cancelLocks,
  endLock,
  findLock,
  type Held,
  holdLock,
  isCancellable,
  isLocked,
  lapseLocks,
  prolongBlocked,
  timeLockMigrations,
} from './store.ts'
