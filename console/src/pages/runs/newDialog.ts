/** What the dialogs that begin a journey or campaign have in common. */
export interface NewDialogProps {
  /** Ids that are in use: published, archived, or of a draft. */
  taken: string[]
  /** What it is to begin with, where the address says so. */
  begin?: { from?: string | undefined; name?: string | undefined } | undefined
  close: () => void
}
