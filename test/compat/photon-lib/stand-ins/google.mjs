// Imported by the library on every phone, called only on Android; ours is an iPhone.
export const GoogleSignin = {}
export const statusCodes = {}
export const MimeTypes = {}
export class GDrive {}
