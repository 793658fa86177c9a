import { Search } from 'lucide-react'
import { type KeyboardEvent, useId, useState } from 'react'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import styles from './Finder.module.css'
import { type Found, useFound } from './found'

export default function Finder({ close }: { close: () => void }) {
  return (
    <Dialog onClose={close} withCloseButton={false} padding={0} size={520} yOffset="14dvh" centered={false} title={t('Search')} classNames={{ header: 'unseen' }}>
      <Choices close={close} />
    </Dialog>
  )
}

function Choices({ close }: { close: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const list = useId()
  const found = useFound(text)
  const chosen = Math.min(at, found.length - 1)
  const pick = (item: Found | undefined) => {
    if (!item) return
    close()
    item.go()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
    else if (event.key === 'Enter') pick(found[chosen])
    else return
    event.preventDefault()
  }
  return (
    <div>
      <div className={styles.field}>
        <Search size={16} aria-hidden="true" />
        <input
          role="combobox"
          aria-label={t('Search')}
          aria-expanded={found.length > 0}
          aria-controls={list}
          aria-activedescendant={found[chosen] ? `${list}-${chosen}` : undefined}
          placeholder={t('Find a page, a person, a segment, a journey, or something to do')}
          data-autofocus
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul id={list} role="listbox" aria-label={t('Found')} className={styles.list}>
        {found.map((item, i) => (
          <li
            key={item.key}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === chosen}
            className={styles.item}
            onClick={() => pick(item)}
            onMouseMove={() => setAt(i)}
          >
            <item.icon size={15} aria-hidden="true" />
            <span className="cut">{item.label}</span>
            <span className={styles.note}>{item.note}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={styles.none}>{t('Nothing is called “{{text}}”.', { text })}</p>}
    </div>
  )
}
