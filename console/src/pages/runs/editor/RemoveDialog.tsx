import { Button } from '@mantine/core'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import styles from './Editor.module.css'

interface Props {
  titles: string[]
  /** People who stand there now. */
  people: number
  close: () => void
  remove: () => void
}

/** Nothing is lost by it that undoing does not bring back; who stands there is told first all the same. */
export function RemoveDialog({ titles, people, close, remove }: Props) {
  const many = titles.length > 1
  return (
    <Dialog onClose={close} title={many ? t('Delete {{number}} steps', { number: titles.length }) : t('Delete “{{title}}”', { title: titles[0] ?? '' })}>
      <div className={styles.dialog}>
        <p>
          {people > 0
            ? counted(people, '{{count}} person stands there now, and stays on the published version unless you say otherwise when you publish.', '{{count}} people stand there now, and stay on the published version unless you say otherwise when you publish.')
            : t('Nobody stands there now.')}{' '}
          {t('What led to it leads to what came after. Nothing changes for anybody until you publish.')}
        </p>
        {many && (
          <ul className={styles.plainList}>
            {titles.map((title, i) => (
              <li key={i}>{title}</li>
            ))}
          </ul>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Keep it')}</Button>
          <Button variant="filled" data-danger data-autofocus onClick={remove}>
            {many ? t('Delete steps') : t('Delete step')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
