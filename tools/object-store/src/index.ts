export { type Forgery, forgeries, type Form, postForm, type Posted, type Post } from './forgeries.ts'
export type { Origins } from './cors.ts'
export type { StoreAccess } from './sig-v4.ts'
export { type ObjectStore, type ObjectStoreOptions, startObjectStore } from './start-object-store.ts'
