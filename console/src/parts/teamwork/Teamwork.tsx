import { CommentsButton } from './CommentsPanel'
import { PresenceAvatars } from './PresenceAvatars'
import styles from './Teamwork.module.css'

/** For the top bar of what people work on together: who else is here, and what they say. */
export default function Teamwork({ about }: { about: string }) {
  return (
    <div className={styles.beside}>
      <PresenceAvatars about={about} />
      <CommentsButton about={about} />
    </div>
  )
}
