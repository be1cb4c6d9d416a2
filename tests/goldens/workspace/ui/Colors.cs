using System;

namespace Ui
{
    /// <summary>Working with colours.</summary>
    public static class Colors
    {
        /// <summary>Reads a colour such as #ff8800.</summary>
        public static (byte R, byte G, byte B) ParseHex(string text)
        {
            var value = Convert.ToInt32(text.TrimStart('#'), 16);
            return ((byte)(value >> 16), (byte)(value >> 8), (byte)value);
        }

        /// <summary>Tells how well a text can be read on a background.</summary>
        public static double ContrastRatio(double light, double dark)
        {
            return (light + 0.05) / (dark + 0.05);
        }

        /// <summary>Mixes two shades.</summary>
        public static byte Blend(byte one, byte other, double share)
        {
            return (byte)(one * share + other * (1 - share));
        }
    }
}
