import { Button, Menu } from '@mantine/core'
import { CircleAlert, TriangleAlert } from 'lucide-react'
import { counted, t } from '~/words/language'
import type { Found } from './Problems'
import styles from './Editor.module.css'

interface Props {
  found: Found[]
  select: (id: string | null) => void
  titleOf: (id: string) => string
}

/** Everything the server has to say of it; each leads to its step. */
export function ProblemsMenu({ found, select, titleOf }: Props) {
  if (found.length === 0) return null
  const wrong = found.filter(({ weight }) => weight === 'wrong').length
  return (
    <Menu position="bottom-start" width={380}>
      <Menu.Target>
        <Button className={styles.problemsButton} data-weight={wrong > 0 ? 'wrong' : 'odd'} leftSection={wrong > 0 ? <CircleAlert size={14} /> : <TriangleAlert size={14} />}>
          {wrong > 0 ? counted(wrong, '{{count}} thing to mend', '{{count}} things to mend') : counted(found.length, '{{count}} remark', '{{count}} remarks')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {found.map((each, i) => (
          <Menu.Item
            key={i}
            leftSection={each.weight === 'wrong' ? <CircleAlert size={14} aria-label={t('Wrong')} /> : <TriangleAlert size={14} aria-label={t('Odd')} />}
            onClick={() => select(each.step || null)}
          >
            <b>{each.step ? titleOf(each.step) : t('The journey')}</b>
            <span className={styles.menuWords}>{each.message}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
