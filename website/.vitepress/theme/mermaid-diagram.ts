import type { Mermaid } from 'mermaid';
import { useData, withBase } from 'vitepress';
import { defineComponent, h, onMounted, ref, watch } from 'vue';

let count = 0;

/** Draws a Mermaid diagram in the colors of the page. Until it is drawn, and without JavaScript, its text is shown. */
export default defineComponent({
  props: { code: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData();
    const svg = ref('');
    const code = decodeURIComponent(props.code);

    async function draw(): Promise<void> {
      // Its own build, which config.ts copies: bundling it again would take most of the build's time.
      const { default: mermaid }: { default: Mermaid } = await import(
        /* @vite-ignore */ withBase('/mermaid/mermaid.esm.min.mjs')
      );
      mermaid.initialize({
        startOnLoad: false,
        securityLevel: 'strict',
        theme: isDark.value ? 'dark' : 'neutral',
        fontFamily: 'inherit',
      });
      count += 1;
      svg.value = (await mermaid.render(`mermaid-${count}`, code)).svg;
    }

    onMounted(() => {
      watch(isDark, draw, { immediate: true });
    });
    return () =>
      svg.value === ''
        ? h('pre', { class: 'mermaid-text' }, code)
        : h('div', {
            class: 'mermaid-diagram',
            tabindex: 0,
            role: 'group',
            'aria-label': 'Diagram',
            innerHTML: svg.value,
          });
  },
});
