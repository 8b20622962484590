"""Streaming and collisions of the radiation field: operators on the state.

The state is ``f[component, sector, energy, mu, r]`` with components ``ee, xx`` (classical)
or ``ee, xx, Re ex, Im ex`` (quantum kinetics; of three flavours ee, mumu, tautau, and Re and Im
of emu, etau and mutau) and sectors ``nu, nubar``; for antineutrinos
the stored matrix is the complex conjugate, so that both sectors rotate alike
(:mod:`qkepipe.oscillation`).
"""
