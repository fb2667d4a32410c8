"""The LaTeX commands that are known, and what Unicode has for them.

It exists to keep long tables out of the code that reads formulas.
"""
# ruff: noqa: RUF001 - the symbols are meant

from __future__ import annotations

from typing import Final

_SYMBOL_NAMES: Final = """
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ
lambda λ mu μ nu ν xi ξ pi π varpi ϖ rho ρ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ
psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω times
× cdot · div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ leq ≤ le ≤
geq ≥ ge ≥ neq ≠ ne ≠ equiv ≡ approx ≈ cong ≅ sim ∼ simeq ≃ propto ∝ ll ≪ gg ≫ mid ∣ parallel ∥
subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ in ∈ notin ∉ ni ∋ cup ∪ cap ∩ setminus ∖ emptyset ∅
varnothing ∅ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ land ∧ wedge ∧ lor ∨ vee ∨ top ⊤ bot ⊥ perp ⊥
vdash ⊢ models ⊨ to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐
Leftrightarrow ⇔ implies ⇒ iff ⇔ mapsto ↦ uparrow ↑ downarrow ↓ longrightarrow ⟶ longleftarrow ⟵
hookrightarrow ↪ rightharpoonup ⇀ sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap
⋂ bigoplus ⨁ bigotimes ⨂ infty ∞ partial ∂ nabla ∇ hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ angle ∠ degree °
prime ′ dagger † ddagger ‡ ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ langle ⟨ rangle ⟩ lfloor ⌊ rfloor
⌋ lceil ⌈ rceil ⌉ lvert | rvert | lVert ‖ rVert ‖ vert | Vert ‖ | ‖ triangle △ square □ blacksquare
■ checkmark ✓ therefore ∴ because ∵
"""
_FUNCTION_NAMES: Final = """
Pr arccos arcsin arctan arg argmax argmin bmod cos cosh cot csc deg det dim exp gcd hom inf ker lg
lim liminf limsup ln log max min mod sec sin sinh sup tan tanh
"""
_PAIRS: Final = _SYMBOL_NAMES.split()

SYMBOLS: Final = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
FUNCTIONS: Final = frozenset(_FUNCTION_NAMES.split())
"""Commands whose name is what they stand for."""
SPACES: Final = {
    ",": " ",
    ":": " ",
    ";": " ",
    " ": " ",
    "!": "",
    "quad": "  ",
    "qquad": "    ",
    "\\": "\n",
    "/": "",
}
_DROPPED_NAMES: Final = """
Big Bigg Bigl Bigr big bigg bigl bigr displaystyle left limits nolimits right scriptstyle textstyle
"""
DROPPED: Final = frozenset(_DROPPED_NAMES.split())
_TEXT_NAMES: Final = """
bm boldsymbol emph mathbf mathcal mathit mathrm mathsf mathtt mbox operatorname text textbf textit
textrm
"""
TEXT: Final = frozenset(_TEXT_NAMES.split())
ACCENTS: Final = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "bar": "\u0304",
    "overline": "\u0305",
    "tilde": "\u0303",
    "vec": "\u20d7",
    "dot": "\u0307",
    "ddot": "\u0308",
}
DOUBLE: Final = dict(zip("CHNPQRZEFK1", "ℂℍℕℙℚℝℤ𝔼𝔽𝕂𝟙", strict=True))
UP: Final = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzT∗′",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ*′",
        strict=True,
    )
)
DOWN: Final = dict(zip("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
